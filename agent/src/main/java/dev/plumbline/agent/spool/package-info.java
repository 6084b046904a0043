/** Records that wait on disk, in their order, until they are acknowledged. */
package dev.plumbline.agent.spool;
