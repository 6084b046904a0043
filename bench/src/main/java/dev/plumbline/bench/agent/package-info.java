/** What an agent costs the node that it runs on. */
package dev.plumbline.bench.agent;
