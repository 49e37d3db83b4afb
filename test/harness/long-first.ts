import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take over ten seconds on two processors, the longest first. */
const LONG = [
  'test/docs/commands/operations.test.ts',
  'test/faults/upgrade.test.ts',
  'test/cli/ci.test.ts',
  'test/console/tour.test.ts',
  'test/docs/platforms.test.ts',
  'test/console/people.test.ts',
  'test/store/postgres-clean-up.test.ts',
  'test/bench/soak.test.ts',
  'test/server/workers/workers.test.ts',
  'test/console/accessibility.test.ts',
  'test/faults/database-away.test.ts',
  'test/management/verbs.test.ts',
  'test/store/postgres.test.ts',
  'test/faults/nodes.test.ts',
  'test/server/drain.test.ts',
  'test/cli/pipes.test.ts',
  'test/console/why.test.ts',
  'test/console/craft.test.ts',
  'test/store/postgres-tenants.test.ts',
  'test/interop/spring-security.test.ts',
  'test/faults/never-reads.test.ts',
  'test/limits/requests.test.ts',
  'test/faults/kill.test.ts',
  'test/deploy/npm.test.ts',
  'test/deploy/image.test.ts',
  'test/limits/parsers.test.ts',
  'test/store/postgres-event-search.test.ts',
  'test/keys/verifiers-across-nodes.test.ts',
  'test/keys/verifiers-during-rotation.test.ts',
]

/**
 * Starts long files before others, so that none is left alone at the end. Vitest itself goes by the times of the run before, or by the
 * sizes of files where there was none, as in a fresh clone.
 */
export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const root = this.ctx.config.root
    const gone = LONG.find((path) => !existsSync(join(root, path)))
    if (gone !== undefined) throw new Error(`${gone} is not there: mend the list in test/harness/long-first.ts`)
    const ranks = new Map(LONG.map((path, rank) => [join(root, path), rank]))
    const rankOf = ({ moduleId }: TestSpecification): number => ranks.get(moduleId) ?? LONG.length
    const sorted = await super.sort(files)
    // Files of a project stay together: a worker serves one project.
    const projects = [...new Set(sorted.map(({ project }) => project))]
    return projects.flatMap((project) =>
      sorted.filter((file) => file.project === project).sort((one, other) => rankOf(one) - rankOf(other)),
    )
  }
}
