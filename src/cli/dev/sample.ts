/** The sample data of `tessera dev`: the client of the client credentials guide, and an API for its scope. */
export const sampleManifest = `apis:
  - audience: https://api.example.com
    name: Sample API
    scopes:
      - { name: edit, description: Change things }
clients:
  - client_id: cc_client
    name: Sample client
    grant_types: [client_credentials]
    credentials: [{ label: from the guide, secret: 2Federate }]
    scopes: [edit]
`

/** The client of the sample, for the request that `tessera dev` suggests. */
export const sampleClient = { clientId: 'cc_client', secret: '2Federate', scope: 'edit' } as const
