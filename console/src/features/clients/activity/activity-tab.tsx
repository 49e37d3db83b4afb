export const ActivityTab = (_: { readonly clientId: string }) => null
