import { quoted, type Writer } from './target.ts'

/** A job of Prometheus that scrapes with a token. */
export const prometheus: Writer = ({ clientId, tokenUrl, scope, resource, proof }) => {
  if (proof.kind !== 'secret' && proof.kind !== 'certificate') return undefined
  const scopes = scope === '' ? '' : `\n      scopes: [${scope.split(' ').map(quoted).join(', ')}]`
  const parameters = resource === undefined ? '' : `\n      endpoint_params:\n        resource: ${quoted(resource)}`
  const [key, certificate] =
    proof.kind === 'secret'
      ? ['\n      client_secret_file: /etc/prometheus/client-secret', '']
      : [
          '',
          `\n      tls_config:\n        cert_file: /etc/prometheus/client.crt\n        key_file: /etc/prometheus/client.key`,
        ]
  const text = `scrape_configs:
  - job_name: ${quoted(clientId)}
    scheme: https
    oauth2:
      client_id: ${quoted(clientId)}${key}
      token_url: ${quoted(tokenUrl)}${scopes}${parameters}${certificate}
    static_configs:
      - targets: [${quoted(hostOf(resource))}]`
  return { id: 'prometheus', title: 'Prometheus', file: 'prometheus.yml', text }
}

/** The host of an API whose audience is a URL. */
function hostOf(resource: string | undefined): string {
  const host = resource === undefined ? '' : (URL.parse(resource)?.host ?? '')
  return host === '' ? 'localhost:443' : host
}
