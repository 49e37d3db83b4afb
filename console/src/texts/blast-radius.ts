/** Texts about those who would notice that something ends. */
export const blastRadius = {
  title: 'Those who would notice',
  used: 'Tokens issued',
  spans: { hour: 'in the last hour', day: 'in the last day', week: 'in the last week' },
  lastUsed: 'Last used',
  never: 'never, as far as the server knows',
  from: 'From',
  at: 'For',
  until: 'Tokens stay valid',
  untilHint: 'where an API verifies them itself',
  noTokens: 'No token of it is valid any more.',
  idle: 'Nobody has used it for a week.',
  unused: 'Nobody has ever used it.',
  busy: 'It is in use. Whatever uses it is refused as soon as you confirm.',
  busyLater: 'It is in use. Whatever uses it needs the new one before this one ends.',
  times: (count: number) => (count === 0 ? 'not lately' : `${count.toLocaleString('en')} ×`),
  more: (count: number) => `and ${count} more`,
} as const
