// A verifier that is built on go-oidc, with its defaults. Arguments: issuer, audience; a token on each line of
// standard input.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"

	"github.com/coreos/go-oidc/v3/oidc"
)

func main() {
	ctx := context.Background()
	provider, err := oidc.NewProvider(ctx, os.Args[1])
	if err != nil {
		fmt.Println("refused", err)
		return
	}
	verifier := provider.Verifier(&oidc.Config{ClientID: os.Args[2]})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		token, err := verifier.Verify(ctx, lines.Text())
		if err != nil {
			fmt.Println("refused", err)
			continue
		}
		fmt.Println("verified", token.Subject)
	}
}
