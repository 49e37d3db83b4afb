/** Texts of tables of changed fields. */
export const difference = {
  field: 'Field',
  before: 'Before',
  after: 'After',
  none: 'none',
} as const
