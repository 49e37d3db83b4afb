/** Texts of the rotation board. */
export const rotation = {
  anyProof: 'Any proof',
  title: 'Rotation',
  lead: 'Every credential, those that end first on top. Rotate, finish and clean up here.',
  views: 'Views',
  names: {
    valid: 'All valid',
    expiring: 'Within 30 days',
    late: 'Expired',
    unused: 'Unused for 90 days',
    unowned: 'Without an owner',
  },
  anyOwner: 'Owner',
  nobody: 'nobody',
  successor: 'Successor used',
  none: '–',
  notUsedYet: 'not yet',
  empty: {
    valid: 'No valid credential',
    expiring: 'Nothing ends within 30 days',
    late: 'Nothing has expired',
    unused: 'Everything is in use',
    unowned: 'Everything has an owner',
  },
  emptyLead: {
    valid: 'The credentials of clients appear here as soon as there are any that fit.',
    expiring: 'Credentials appear here a month before they end, so that there is time to rotate them.',
    late: 'A credential that expired is refused. It stays here until somebody removes it.',
    unused: 'A valid credential that nobody uses is a risk without a use. It appears here after 90 days.',
    unowned: 'Clients that no group looks after appear here. Nobody hears when their credentials end.',
  },
} as const
