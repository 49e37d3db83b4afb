import { SCRYPT_COST } from '../../src/model/credentials/secret-hash.ts'

const real = { ...SCRYPT_COST }
const low = { logN: 4, r: 8, p: 1 }

/** Makes new slow hashes cost a ten-thousandth of a second in this process. Started processes keep the real cost. */
export const hashFast = (): void => void Object.assign(SCRYPT_COST, low)

/** Makes new hashes as slow as in production, for the tests of a file that is about their cost. */
export const hashSlowly = (): void => void Object.assign(SCRYPT_COST, real)
