/** Notes how SQLite finds the rows of each statement. */

import { DatabaseSync } from 'node:sqlite'

/** The steps of a statement's plan, such as `SEARCH client USING INDEX client_owner (tenant=? AND owner=?)`. */
export type Plans = ReadonlyMap<string, readonly string[]>

/** The statements that have a plan. */
const PLANNED = /^\s*(?:select|insert|update|delete|with)\b/i

/**
 * Notes the plan of every statement that this process prepares from now on (https://sqlite.org/eqp.html).
 * @returns the plans by statement, and a function that ends the noting
 */
export function notePlans(): { readonly plans: Plans; end(): void } {
  const { prepare } = DatabaseSync.prototype
  const plans = new Map<string, readonly string[]>()
  DatabaseSync.prototype.prepare = function (sql, ...others) {
    const statement = prepare.call(this, sql, ...others)
    if (PLANNED.test(sql) && !plans.has(sql)) {
      const steps = prepare.call(this, `explain query plan ${sql}`).all()
      plans.set(
        sql,
        steps.map(({ detail }) => String(detail)),
      )
    }
    return statement
  }
  return {
    plans,
    end: () => {
      DatabaseSync.prototype.prepare = prepare
    },
  }
}
