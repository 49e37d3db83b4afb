export const PermissionsTab = (_: { readonly clientId: string }) => null
