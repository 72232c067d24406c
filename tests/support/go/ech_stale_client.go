// A client with an ECHConfigList that the server has no key for.
//
// Usage: ech_stale_client ADDRESS CA_FILE LIST_IN_BASE64 [GROUP ...]. Prints what became of the connection, and the
// configurations that it was given to retry with.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strconv"
)

func main() {
	authority, err := os.ReadFile(os.Args[2])
	must(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	list, err := base64.StdEncoding.DecodeString(os.Args[3])
	must(err)
	groups := []tls.CurveID{}
	for _, group := range os.Args[4:] {
		id, err := strconv.Atoi(group)
		must(err)
		groups = append(groups, tls.CurveID(id))
	}
	_, err = tls.Dial("tcp", os.Args[1], &tls.Config{
		ServerName:                     "private.test",
		RootCAs:                        roots,
		MinVersion:                     tls.VersionTLS13,
		NextProtos:                     []string{"h2"},
		CurvePreferences:               groups,
		EncryptedClientHelloConfigList: list,
	})
	var rejection *tls.ECHRejectionError
	switch {
	case err == nil:
		fmt.Println("accepted")
	case errors.As(err, &rejection):
		fmt.Println("rejected", base64.StdEncoding.EncodeToString(rejection.RetryConfigList))
	default:
		fmt.Println("failed:", err)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
