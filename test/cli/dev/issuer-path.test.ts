import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { startTessera } from '../../harness/cli.ts'
import { freePort } from '../../harness/port.ts'

const run = promisify(execFile)

test('tessera dev with an issuer that has a path suggests a curl command that works', async () => {
  const data = mkdtempSync(join(tmpdir(), 'tessera-dev-path-'))
  const port = await freePort()
  const issuer = `https://localhost:${port}/realms/demo`
  const command = startTessera(['dev'], {
    TESSERA_DATA: data,
    TESSERA_RUNTIME_PORT: String(port),
    TESSERA_ADMIN_PORT: String(await freePort()),
    TESSERA_ISSUER: issuer,
    TESSERA_ALIASES: '/realms/demo/protocol/openid-connect/token=token',
  })
  try {
    await command.printed(/Ctrl\+C stops it/)
    const suggested = /curl [\s\S]*token\.oauth2/.exec(command.output())?.[0] ?? ''
    expect(suggested).toContain(`${issuer}/as/token.oauth2`)
    for (const line of [suggested, suggested.replace('/as/token.oauth2', '/protocol/openid-connect/token')]) {
      const { stdout } = await run('sh', ['-c', `${line} --silent`])
      expect(JSON.parse(stdout)).toMatchObject({ token_type: 'Bearer', scope: 'edit' })
    }
  } finally {
    await command.stop()
    rmSync(data, { recursive: true })
  }
})
