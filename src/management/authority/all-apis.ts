import type { Api } from '../../model/api.ts'
import { ApiSet } from '../../model/api-set.ts'
import type { Unreadable } from '../../platform/unreadable.ts'
import { adminApi } from './admin-api.ts'

/** The APIs of a tenant, with the admin API, which is in no database. */
export const withAdminApi = (apis: Iterable<Api>, unreadable: readonly Unreadable[] = []): ApiSet =>
  new ApiSet([...apis, adminApi], unreadable)
