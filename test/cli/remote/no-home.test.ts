import { expect, test } from 'vitest'
import type { Profile } from '../../../src/cli/remote/profile.ts'
import { Profiles } from '../../../src/cli/remote/profiles.ts'
import { homeFolder } from '../../../src/platform/home.ts'

/** As for the number of a user that /etc/passwd does not have, which OpenShift gives to containers. */
const unknown = () => {
  throw new Error('uv_os_homedir returned ENOENT')
}

test.each([{}, { HOME: '' }])(
  'an account without a home has no profiles, and the reason is named where one is saved: %j',
  (env) => {
    const profiles = new Profiles(env, () => homeFolder(unknown))
    expect(profiles.names).toEqual([])
    expect(profiles.current).toBeUndefined()
    expect(() => profiles.load('a')).toThrow('there is no profile "a"')
    expect(() => profiles.delete('a')).toThrow('there is no profile "a"')
    const token = { value: 'a', expires: '2030-01-01T00:00:00Z' }
    const profile: Profile = { server: 'https://a.example.com', login: { kind: 'person', token } }
    expect(() => profiles.save('a', profile)).toThrow('this account has no home: set HOME or XDG_CONFIG_HOME')
  },
)
