import { ASSERTION_TYPE, quoted, SECRET_VARIABLE, type Writer } from './target.ts'

/** Spring Security 7: an authorized client that gets and keeps tokens. */
export const spring: Writer = ({ clientId, tokenUrl, scope, resource, proof }) => {
  if (proof.kind !== 'secret' && proof.kind !== 'token-file') return undefined
  const isFile = proof.kind === 'token-file'
  const added = [
    ...(resource === undefined ? [] : [`parameters.add("resource", ${quoted(resource)});`]),
    ...(isFile
      ? [
          `parameters.add("client_assertion_type", ${quoted(ASSERTION_TYPE)});`,
          `parameters.add("client_assertion", readToken());`,
        ]
      : []),
  ]
  const scopes = scope === '' ? '' : `\n        .scope(${scope.split(' ').map(quoted).join(', ')})`
  const text = `import java.io.IOException;
${isFile ? 'import java.io.UncheckedIOException;\nimport java.nio.file.Files;\nimport java.nio.file.Path;\n' : ''}import org.springframework.http.HttpRequest;
import org.springframework.http.client.ClientHttpRequestExecution;
import org.springframework.http.client.ClientHttpResponse;
import org.springframework.http.converter.FormHttpMessageConverter;
import org.springframework.security.oauth2.client.AuthorizedClientServiceOAuth2AuthorizedClientManager;
import org.springframework.security.oauth2.client.ClientCredentialsOAuth2AuthorizedClientProvider;
import org.springframework.security.oauth2.client.InMemoryOAuth2AuthorizedClientService;
import org.springframework.security.oauth2.client.OAuth2AuthorizeRequest;
import org.springframework.security.oauth2.client.endpoint.RestClientClientCredentialsTokenResponseClient;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.InMemoryClientRegistrationRepository;
import org.springframework.security.oauth2.core.AuthorizationGrantType;
import org.springframework.security.oauth2.core.ClientAuthenticationMethod;
import org.springframework.security.oauth2.client.http.OAuth2ErrorResponseErrorHandler;
import org.springframework.security.oauth2.core.http.converter.OAuth2AccessTokenResponseHttpMessageConverter;
import org.springframework.util.LinkedMultiValueMap;
import org.springframework.web.client.RestClient;

class Tokens {
  private final AuthorizedClientServiceOAuth2AuthorizedClientManager manager;

  Tokens() {
    var registration = ClientRegistration.withRegistrationId("tessera")
        .authorizationGrantType(AuthorizationGrantType.CLIENT_CREDENTIALS)
        .clientAuthenticationMethod(ClientAuthenticationMethod.${isFile ? 'NONE' : 'CLIENT_SECRET_BASIC'})
        .clientId(${quoted(clientId)})${isFile ? '' : `\n        .clientSecret(System.getenv("${SECRET_VARIABLE}"))`}
        .tokenUri(${quoted(tokenUrl)})${scopes}
        .build();
    var client = new RestClientClientCredentialsTokenResponseClient();
    client.setRestClient(RestClient.builder()
        .messageConverters(converters -> {
          converters.clear();
          converters.add(new FormHttpMessageConverter());
          converters.add(new OAuth2AccessTokenResponseHttpMessageConverter());
        })
        .defaultStatusHandler(new OAuth2ErrorResponseErrorHandler())
        .requestInterceptor(Tokens::patiently)
        .build());
    client.addParametersConverter(request -> {
      var parameters = new LinkedMultiValueMap<String, String>();
${added.map((line) => `      ${line}\n`).join('')}      return parameters;
    });
    var provider = new ClientCredentialsOAuth2AuthorizedClientProvider();
    provider.setAccessTokenResponseClient(client);
    var registrations = new InMemoryClientRegistrationRepository(registration);
    manager = new AuthorizedClientServiceOAuth2AuthorizedClientManager(
        registrations, new InMemoryOAuth2AuthorizedClientService(registrations));
    manager.setAuthorizedClientProvider(provider);
  }
${
  isFile
    ? `
  private static String readToken() {
    try {
      return Files.readString(Path.of(${quoted(proof.path)})).strip();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
`
    : ''
}
  /** Sends a request, and again if the server is busy. */
  private static ClientHttpResponse patiently(HttpRequest request, byte[] body, ClientHttpRequestExecution execution)
      throws IOException {
    for (int attempt = 1; ; attempt++) {
      var answer = execution.execute(request, body);
      int status = answer.getStatusCode().value();
      if (attempt == 4 || (status != 429 && status != 503)) return answer;
      var wait = answer.getHeaders().getFirst("Retry-After");
      answer.close();
      try {
        Thread.sleep(1000L * (wait == null ? 1 : Integer.parseInt(wait)));
      } catch (InterruptedException error) {
        throw new IOException(error);
      }
    }
  }

  /** A valid token: the last one, or a new one from a minute before that expires. */
  String get() {
    var request = OAuth2AuthorizeRequest.withClientRegistrationId("tessera").principal("tessera").build();
    return manager.authorize(request).getAccessToken().getTokenValue();
  }

  public static void main(String[] arguments) {
    System.out.println(new Tokens().get());
  }
}`
  return {
    id: 'spring',
    title: 'Spring',
    file: 'Tokens.java',
    before: 'org.springframework.security:spring-security-oauth2-client',
    text,
  }
}
