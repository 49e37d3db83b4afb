/** Claims of tokens from well-known issuers. Times are in seconds, around `NOW`. */

export const NOW = 1_790_000_000
export const AUDIENCE = 'https://tokens.example'
const times = { iat: NOW - 10, nbf: NOW - 10, exp: NOW + 290 }

/** https://docs.github.com/actions/reference/openid-connect-reference */
export const gitHub = {
  jti: '0f3a2f0c-6b8f-4b1c-9f5e-0c7f3c1f8a11',
  sub: 'repo:octo-org/octo-repo:environment:production',
  aud: AUDIENCE,
  iss: 'https://token.actions.githubusercontent.com',
  environment: 'production',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  ref_protected: 'true',
  sha: '4f5d1f2a6c7b8e9d0a1b2c3d4e5f60718293a4b5',
  repository: 'octo-org/octo-repo',
  repository_id: '74',
  repository_owner: 'octo-org',
  repository_owner_id: '65',
  repository_visibility: 'private',
  actor: 'octocat',
  actor_id: '12',
  run_id: '4242424242',
  run_number: '10',
  run_attempt: '2',
  runner_environment: 'github-hosted',
  event_name: 'workflow_dispatch',
  workflow: 'deploy',
  workflow_ref: 'octo-org/octo-repo/.github/workflows/deploy.yml@refs/heads/main',
  job_workflow_ref: 'octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main',
  head_ref: '',
  base_ref: '',
  ...times,
}

/** A projected service account token (https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/). */
export const kubernetes = {
  aud: [AUDIENCE, 'https://kubernetes.default.svc'],
  iss: 'https://oidc.eks.eu-west-1.amazonaws.com/id/D5CA2F0E9B4C4E1D8A3B7C6F5E4D3C2B',
  jti: '7f2f0c3a-1f2e-4d3c-8b4a-5a6978879605',
  'kubernetes.io': {
    namespace: 'payments',
    node: { name: 'node-1', uid: '9d1c9d0e-5f6a-4b7c-8d9e-0f1a2b3c4d5e' },
    pod: { name: 'billing-6d4cf56db6-x2kzq', uid: '5f6a4b7c-8d9e-4f1a-2b3c-4d5e6f708192' },
    serviceaccount: { name: 'billing', uid: '14ee3fa4-a7e2-420f-9f9a-dbc4507c3798' },
    warnafter: NOW + 3_597,
  },
  sub: 'system:serviceaccount:payments:billing',
  ...times,
}

/** https://docs.gitlab.com/ci/secrets/id_token_authentication/ */
export const gitLab = {
  namespace_id: '72',
  namespace_path: 'my-group',
  project_id: '20',
  project_path: 'my-group/my-project',
  user_id: '1',
  user_login: 'sample-user',
  user_identities: [{ provider: 'saml', extern_uid: 'sample-user@example.com' }],
  groups_direct: ['my-group', 'platform'],
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'main',
  ref_type: 'branch',
  ref_protected: 'true',
  environment: 'production',
  environment_protected: 'true',
  deployment_tier: 'production',
  runner_id: 1,
  runner_environment: 'self-hosted',
  sha: '714a629c0b401fdce83e847fc9589983fc6f46bc',
  ci_config_ref_uri: 'gitlab.example.com/my-group/my-project//.gitlab-ci.yml@refs/heads/main',
  jti: '235b3a54-b797-45c7-ae9a-f72d7bc6ef5b',
  iss: 'https://gitlab.example.com',
  sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
  aud: AUDIENCE,
  ...times,
}

/** https://cloud.google.com/compute/docs/instances/verifying-instance-identity */
export const google = {
  iss: 'https://accounts.google.com',
  aud: AUDIENCE,
  azp: '104029292853099978293',
  sub: '104029292853099978293',
  email: 'billing@my-project.iam.gserviceaccount.com',
  email_verified: true,
  google: { compute_engine: { project_id: 'my-project', project_number: 739419398126, zone: 'europe-west1-b' } },
  iat: NOW - 10,
  exp: NOW + 3_590,
}

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
export const azure = {
  aud: 'api://tokens.example',
  iss: 'https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0',
  azp: '00001111-aaaa-2222-bbbb-3333cccc4444',
  azpacr: '2',
  idtyp: 'app',
  oid: 'aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb',
  roles: ['Tokens.Exchange', 'Tokens.Read'],
  rh: 'I',
  sub: 'aaaaaaaa-0000-1111-2222-bbbbbbbbbbbb',
  tid: 'aaaabbbb-0000-cccc-1111-dddd2222eeee',
  uti: 'l9PqZt4XB0i2kGc1W5UMAA',
  ver: '2.0',
  ...times,
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound.html */
export const aws = {
  iss: 'https://abc12345-def4-5678-90ab-cdef12345678.tokens.sts.global.api.aws',
  aud: AUDIENCE,
  sub: 'arn:aws:iam::123456789012:role/BillingRole',
  'https://sts.amazonaws.com/': {
    aws_account: '123456789012',
    source_region: 'eu-west-1',
    org_id: 'o-abc1234567',
    principal_tags: { environment: 'production' },
  },
  jti: 'e4f3c2b1-6d5e-4f3c-8b2a-19f0e8d7c6b5',
  iat: NOW - 10,
  exp: NOW + 290,
}

/** JWT-SVID §3 requires only `sub`, `aud` and `exp`. */
export const spiffe = { sub: 'spiffe://prod.example/ns/payments/sa/billing', aud: [AUDIENCE], exp: NOW + 290 }
