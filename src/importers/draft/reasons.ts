/** The reason for a field of the log-in of people. */
export const LOG_IN = 'belongs to the log-in of people, which Tessera does not have'
