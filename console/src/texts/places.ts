/** The names of the places of the navigation. */
export const places = {
  overview: 'Overview',
  clients: 'Clients',
  rotation: 'Rotation',
  apis: 'APIs',
  lab: 'Token lab',
  plans: 'Plans',
  keys: 'Keys',
  audit: 'Audit',
  settings: 'Settings',
} as const
