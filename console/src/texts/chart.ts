/** Texts of charts. */
export const chart = {
  time: 'Time',
  table: (name: string) => `${name}, as a table`,
} as const
