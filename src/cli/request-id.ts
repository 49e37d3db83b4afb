const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/i

/**
 * The request id that is meant by what a person copied: from a header with its name, from a message with quotation marks, in
 * capitals. What has no such id in it is taken as it is.
 */
export const requestIdIn = (text: string): string => UUID.exec(text)?.[0].toLowerCase() ?? text.trim()
