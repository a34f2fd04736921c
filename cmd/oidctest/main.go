// Command oidctest serves the mock identity provider of internal/oidctest as a process of its own, for browser
// journeys and for trying out --oidc-config by hand. It is no part of the product and must not know it.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"turnkey/internal/oidctest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	address := "127.0.0.1:0"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	provider, end, err := oidctest.Listen(address)
	if err != nil {
		fmt.Fprintln(os.Stderr, "oidctest:", err)
		os.Exit(1)
	}
	fmt.Printf(`{"providers": [{"name": "mock", "title": "Mock provider", "issuer": %q, "client_id": %q, "client_secret": %q}]}`+"\n", provider.Issuer, oidctest.ClientID, oidctest.ClientSecret)
	<-ctx.Done()
	end()
}
