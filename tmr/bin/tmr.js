#!/usr/bin/env node
import '../../dist/tmr.js';
