#!/usr/bin/env node
// The command of the published package. It is JavaScript of 2009, so that a Node of any age can say that it is too old.
'use strict'

var PARTS = /(\d+)\.(\d+)\.(\d+)/

var running = PARTS.exec(process.versions.node)
var lowest = PARTS.exec(require('../package.json').engines.node)
var isTooOld = (running[1] - lowest[1] || running[2] - lowest[2] || running[3] - lowest[3]) < 0
var problem = ['tessera: needs Node', lowest[0], 'or later, but', process.execPath, 'is Node', running[0]]

if (isTooOld) {
  process.stderr.write(problem.join(' ').concat('\n'))
  process.exitCode = 1
} else {
  // Before the command is loaded, so that its next start is faster.
  require('../lib/platform/compile-cache.js').keepCompiledCode()
  require('../lib/cli/main.js').run()
}
