// A web server of Go's crypto/tls. It tells its port, then answers any request with a page that tells what it knows of
// the connection.
//
//	page_server NAME CERTIFICATE.pem KEY.pem [P-384]
package main

import (
	"crypto/tls"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
)

func main() {
	config := &tls.Config{}
	if len(os.Args) > 4 {
		// No client sends a key share for it of its own accord.
		config.CurvePreferences = []tls.CurveID{tls.CurveP384}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("port", listener.Addr().(*net.TCPAddr).Port)
	page := func(response http.ResponseWriter, request *http.Request) {
		fmt.Fprintf(response, `{"page":%q,"http":"1.1","sni":%q}`, os.Args[1], request.TLS.ServerName)
	}
	server := &http.Server{Handler: http.HandlerFunc(page), TLSConfig: config}
	log.Fatal(server.ServeTLS(listener, os.Args[2], os.Args[3]))
}
