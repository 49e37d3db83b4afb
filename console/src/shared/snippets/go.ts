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
  const imports = [
    ...['context', 'errors', 'fmt', 'log', 'net/http'],
    ...(parameters.length > 0 ? ['net/url'] : []),
    ...['os', 'strconv'],
    ...(isFile ? ['strings'] : []),
    'time',
  ]
  const scopes = scope.split(' ').map(quoted).join(', ')
  const reading = `		assertion, err := os.ReadFile(${isFile ? quoted(proof.path) : ''})
		if err != nil {
			return nil, err
		}
`
  const text = `package main

import (
${imports.map((name) => `	"${name}"`).join('\n')}

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type source struct{}

// Token asks for a token, and again if the server is busy.
func (source) Token() (*oauth2.Token, error) {
	for attempt := 1; ; attempt++ {
${isFile ? reading : ''}		config := clientcredentials.Config{
			ClientID: ${quoted(clientId)},
${isFile ? '' : `			ClientSecret: os.Getenv("${SECRET_VARIABLE}"),\n`}			TokenURL: ${quoted(tokenUrl)},
${scope === '' ? '' : `			Scopes: []string{${scopes}},\n`}${
  parameters.length === 0
    ? ''
    : `			EndpointParams: url.Values{
${parameters.map(([name = '', value]) => `				${quoted(name)}: {${value}},`).join('\n')}
			},
`
}			AuthStyle: oauth2.${isFile ? 'AuthStyleInParams' : 'AuthStyleInHeader'},
		}
		token, err := config.Token(context.Background())
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) || attempt == 4 || !isBusy(refused.Response.StatusCode) {
			return token, err
		}
		seconds, _ := strconv.Atoi(refused.Response.Header.Get("Retry-After"))
		time.Sleep(time.Duration(max(seconds, 1)) * time.Second)
	}
}

func isBusy(status int) bool {
	return status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable
}

func main() {
	// It keeps the token until it expires. oauth2.NewClient(ctx, tokens) sends it with each request.
	tokens := oauth2.ReuseTokenSource(nil, source{})
	token, err := tokens.Token()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.AccessToken)
}`
  return { id: 'go', title: 'Go', file: 'main.go', before: 'go get golang.org/x/oauth2', text }
}
