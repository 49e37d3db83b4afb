/** The settings of a server for the tests of a manifest. */
export const TEST_SETTINGS = { issuer: 'https://as.example.com', defaultLifetime: 14_400 } as const
