// A TLS 1.3 handshake of crypto/tls with itself, with the key and the ECHConfigList of a key file in PEM.
//
// Usage: ech_handshake FILE NAME. Prints what both sides say of it.
package main

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

func main() {
	list, key := readKeyFile(os.Args[1])
	name := os.Args[2]
	certificate, roots := selfSigned(name)
	clientSide, serverSide := net.Pipe()
	server := tls.Server(serverSide, &tls.Config{
		Certificates: []tls.Certificate{certificate},
		// A key goes with one ECHConfig: the list without its length.
		EncryptedClientHelloKeys: []tls.EncryptedClientHelloKey{{Config: list[2:], PrivateKey: key}},
	})
	client := tls.Client(clientSide, &tls.Config{
		ServerName:                     name,
		RootCAs:                        roots,
		MinVersion:                     tls.VersionTLS13,
		EncryptedClientHelloConfigList: list,
	})
	failed := make(chan error, 1)
	go func() { failed <- server.Handshake() }()
	must(client.Handshake())
	must(<-failed)
	fmt.Printf("client accepted=%t\n", client.ConnectionState().ECHAccepted)
	state := server.ConnectionState()
	fmt.Printf("server accepted=%t name=%s\n", state.ECHAccepted, state.ServerName)
}

func readKeyFile(path string) (list, key []byte) {
	rest, err := os.ReadFile(path)
	must(err)
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return list, key
		}
		switch block.Type {
		case "ECHCONFIG":
			list = block.Bytes
		case "PRIVATE KEY":
			parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			must(err)
			switch parsed := parsed.(type) {
			case *ecdh.PrivateKey:
				key = parsed.Bytes()
			case *ecdsa.PrivateKey:
				converted, err := parsed.ECDH()
				must(err)
				key = converted.Bytes()
			}
		}
	}
}

func selfSigned(name string) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		DNSNames:              []string{name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	parsed, err := x509.ParseCertificate(der)
	must(err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
