import { expect, test } from 'vitest'
import { ANY_CASE } from '../../../src/management/explanations/advice/case.ts'
import { stepsOf } from '../../../src/management/explanations/steps.ts'

const whyOf = (step: string, detail: Readonly<Record<string, unknown>> = {}) =>
  stepsOf({ ...ANY_CASE, detail }, undefined).find((one) => one.step === step)?.why

test('a token whose client is gone gives no grounds that nobody knows', () => {
  const unknown = 'not known now, since the record of the client is gone or can not be read'
  expect([whyOf('method'), whyOf('grant')]).toEqual([unknown, unknown])
})

test('an event without a lifetime gives no setting as its ground', () => {
  expect(whyOf('lifetime')).toBe('no event says it')
  expect(whyOf('lifetime', { lifetime: 600 })).toMatch(/^token\.lifetime of the server/)
})

test('at most a hundred scopes are explained one by one', () => {
  const scope = Array.from({ length: 150 }, (_, index) => `s${index}`).join(' ')
  const steps = stepsOf({ ...ANY_CASE, detail: { scope } }, undefined)
  expect(steps.filter((one) => one.step === 'scope')).toHaveLength(100)
})
