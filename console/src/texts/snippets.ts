/** Texts around a new secret and the snippets that use it. */
export const snippets = {
  language: 'Language',
  snippet: (title: string) => `the snippet for ${title}`,
  needs: 'needs',
  secret: 'the secret',
  shownOnce: 'This is the only time the secret is shown',
  shownOnceLead: 'Nobody can read it again, not even an administrator. Put it where the program will find it.',
  copySecret: 'Copy the secret',
  env: 'Download .env',
  kubernetes: 'Download Kubernetes Secret',
  kept: 'I have kept it',
  leaveTitle: 'The secret is not kept yet',
  leaveLead: 'It can’t be shown again. If it is lost, rotate the credential to get another one.',
  stay: 'Back to the secret',
  leave: 'Leave without it',
} as const
