import { ASSERTION_TYPE, quoted, SECRET_VARIABLE, type Writer } from './target.ts'

/** Go with golang.org/x/oauth2, whose HTTP client gets each next token by itself. */
export const go: Writer = ({ clientId, tokenUrl, scope, resource, proof }) => {
  if (proof.kind !== 'secret' && proof.kind !== 'token-file') return undefined
  const isFile = proof.kind === 'token-file'
  const parameters = [
    ...(resource === undefined ? [] : [['resource', quoted(resource)]]),
    ...(isFile
      ? [
          ['client_assertion_type', quoted(ASSERTION_TYPE)],
          ['client_assertion', 'strings.TrimSpace(string(assertion))'],
        ]
      : []),
  ]
  const text = `package main

import (
	"context"
	"fmt"
	"log"
${parameters.length > 0 ? '\t"net/url"\n' : ''}	"os"
${isFile ? '\t"strings"\n' : ''}
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func main() {
${
  isFile
    ? `	assertion, err := os.ReadFile(${quoted(proof.path)})
	if err != nil {
		log.Fatal(err)
	}
`
    : ''
}	config := clientcredentials.Config{
		ClientID: ${quoted(clientId)},
${isFile ? '' : `		ClientSecret: os.Getenv("${SECRET_VARIABLE}"),\n`}		TokenURL: ${quoted(tokenUrl)},
${
  scope === ''
    ? ''
    : `		Scopes: []string{${scope
        .split(' ')
        .map((one) => quoted(one))
        .join(', ')}},\n`
}${
  parameters.length === 0
    ? ''
    : `		EndpointParams: url.Values{
${parameters.map(([name = '', value]) => `			${quoted(name)}: {${value}},`).join('\n')}
		},
`
}		AuthStyle: oauth2.${isFile ? 'AuthStyleInParams' : 'AuthStyleInHeader'},
	}
	token, err := config.Token(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.AccessToken)
}`
  return { id: 'go', title: 'Go', file: 'main.go', before: 'go get golang.org/x/oauth2', text }
}
