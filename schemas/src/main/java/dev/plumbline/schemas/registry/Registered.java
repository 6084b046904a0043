package dev.plumbline.schemas.registry;

import org.apache.avro.Schema;

/**
 * A schema under a subject.
 *
 * @param id the same for equal schemas of all subjects
 * @param version from 1, within the subject
 */
record Registered(String subject, int version, int id, Schema schema) {}
