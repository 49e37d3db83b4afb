/** Texts of the pages about one client. */
export const clientDetail = {
  clientId: 'the client id',
  manifest: 'Manifest',
  tabs: {
    settings: 'Settings',
    permissions: 'Permissions',
    credentials: 'Credentials',
    activity: 'Activity',
    danger: 'Danger zone',
  },
  missing: (id: string) => `There is no client ${id}`,
  missingLead:
    'It may have been deleted, or belong to a group of which you are no member. Ids are compared letter by letter, in their case.',
  allClients: 'Look through all clients',
  unreadable: 'The record of this client can not be read',
  unreadableLead:
    'It gets no tokens. Apply a manifest that names it: that writes the record again. Or delete it and create it anew.',

  label: 'Label',
  noCredentials: 'This client can not prove who it is',
  noCredentialsLead: 'Add a secret, a key pair, a certificate or a platform identity. Until then it gets no token.',

  enable: 'Enable',
  enableLead: 'It may authenticate again at once. Tokens from before it was disabled stay inactive.',
  enabled: (id: string) => `${id} is enabled`,
  disable: 'Disable',
  disableLead: 'Refuses every request of this client, until it is enabled again. Its settings and credentials stay.',
  disableTitle: (id: string) => `Disable ${id}?`,
  disableAction: (id: string) => `Disable ${id}`,
  disableConsequence:
    'It gets no tokens from now on, and introspection calls its present ones inactive for good. You can enable it again.',
  disabled: (id: string) => `${id} is disabled`,
  delete: 'Delete',
  deleteLead: 'Removes the client, its credentials and its grants for good.',
  deleteTitle: (id: string) => `Delete ${id}?`,
  deleteAction: (id: string) => `Delete ${id}`,
  deleteConsequence: (credentials: number, groups: readonly string[]) =>
    `This can not be undone. ${credentials === 1 ? 'One credential ends' : `${credentials} credentials end`} with it${
      groups.length === 0 ? '' : `, and so does its membership of ${groups.join(', ')}`
    }.`,
  deleteManifest: (manifest: string) =>
    `The manifest ${manifest} owns this client. Take it out of the file as well, or the next apply creates it again.`,
  deleted: (id: string) => `${id} is deleted`,
} as const
