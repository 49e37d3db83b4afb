import { z } from 'zod'
import { permissionNames, permissions, type Role, roleNames, roles } from '../../management/authority/permissions.ts'
import { groupPermissions } from '../../model/group.ts'
import { noBody, noParameters, noQuery, operation } from './operation.ts'

const permission = z.strictObject({
  name: z.string().describe('The permission, which is a scope of the admin API as well.'),
  description: z.string(),
  roles: z.array(z.enum(roleNames)).describe('The roles of people that have it.'),
  within: z
    .enum(groupPermissions)
    .optional()
    .describe('The permission of a member of a group that means the same, over what the group owns.'),
})

const rolesWith = (name: (typeof permissionNames)[number]): readonly Role[] =>
  roleNames.filter((role) => roles[role].includes(name))

export const permissionOperations = [
  operation({
    id: 'permissions.list',
    method: 'GET',
    path: '/permissions',
    summary: 'List the permissions, and the roles that have them',
    access: 'member',
    ...noParameters,
    ...noQuery,
    ...noBody,
    answer: z.strictObject({ items: z.array(permission) }),
    example: {
      answer: {
        items: [
          {
            name: 'clients:read',
            description: permissions['clients:read'].description,
            roles: ['auditor', 'operator', 'admin'],
            within: 'view',
          },
        ],
      },
    },
    run: async () => ({
      body: { items: permissionNames.map((name) => ({ name, roles: rolesWith(name), ...permissions[name] })) },
    }),
  }),
]
