import type { operations } from './schema.d.ts'

type Success<Responses> = Responses extends { 200: { content: { 'application/json': infer Body } } }
  ? Body
  : Responses extends { 201: { content: { 'application/json': infer Body } } }
    ? Body
    : never

/** The body of a success of an operation, such as `Answer<'clients.show'>`. */
export type Answer<Id extends keyof operations> = Success<operations[Id]['responses']>

/** An entry of a list that an operation answers with. */
export type Entry<Id extends keyof operations> = Answer<Id> extends { items: (infer Item)[] } ? Item : never

/** The body that an operation takes. */
export type Input<Id extends keyof operations> = operations[Id] extends {
  requestBody: { content: infer Content }
}
  ? Content[keyof Content]
  : never
