// A client of Go's crypto/tls that asks for a page with ECH. It prints one object in JSON: whether ECH was accepted, the
// page, and where it was not, the configurations to try again with.
//
//	ech_get ADDRESS NAME AUTHORITY.pem ECHCONFIGLIST
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"time"
)

type outcome struct {
	Accepted bool   `json:"accepted"`
	Page     string `json:"page"`
	Error    string `json:"error"`
	Retry    string `json:"retry"`
}

func main() {
	address, name, authority, list := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	pem, err := os.ReadFile(authority)
	if err != nil {
		log.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	configs, err := base64.StdEncoding.DecodeString(list)
	if err != nil {
		log.Fatal(err)
	}
	dialer := &net.Dialer{Timeout: 20 * time.Second}
	conn, err := tls.DialWithDialer(dialer, "tcp", address, &tls.Config{
		ServerName:                     name,
		RootCAs:                        pool,
		EncryptedClientHelloConfigList: configs,
	})
	var result outcome
	var rejection *tls.ECHRejectionError
	switch {
	case errors.As(err, &rejection):
		result.Retry = base64.StdEncoding.EncodeToString(rejection.RetryConfigList)
	case err != nil:
		result.Error = err.Error()
	default:
		result.Accepted = conn.ConnectionState().ECHAccepted
		fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", name)
		conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		page, _ := io.ReadAll(conn)
		result.Page = string(page)
	}
	json.NewEncoder(os.Stdout).Encode(result)
}
