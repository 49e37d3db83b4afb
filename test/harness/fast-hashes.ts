import { hashFast } from './hash-cost.ts'

// Nearly all tests with chosen secrets and passwords need right hashes, not slow ones. This runs before each file.
hashFast()
