#!/usr/bin/env node
import { main } from './main.ts';

const { stdout, stderr, env, argv } = process;

process.exitCode = await main(argv.slice(2), { stdout, stderr, env, now: Date.now });
