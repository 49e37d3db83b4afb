/** Texts of the pages about one client. */
export const clientDetail = {
  tabs: {
    settings: 'Settings',
    permissions: 'Permissions',
    credentials: 'Credentials',
    activity: 'Activity',
    danger: 'Danger zone',
  },
  label: 'Label',
  noCredentials: 'This client can not prove who it is',
  noCredentialsLead: 'Add a secret, a key pair, a certificate or a platform identity. Until then it gets no token.',
} as const
