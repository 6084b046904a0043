package dev.plumbline.agent.spool;

import java.io.IOException;

/** A run of records in their order: one file, or memory while the disk takes nothing. */
interface Segment {

  /**
   * A record as it was read.
   *
   * @param bytes the record; null when its checksum says that it is damaged
   * @param next where the one after it begins
   */
  record Read(byte[] bytes, long next) {}

  /** Rises from segment to segment. */
  long id();

  /** Records in it. */
  long count();

  /** Bytes it occupies. */
  long bytes();

  /** Records dropped between the segment before it and its first. */
  long dropped();

  /** Adds to {@link #dropped()}. */
  void addDropped(long records);

  /** Where its first record begins. */
  long start();

  /**
   * Adds a record; after a failure the segment is as it was before.
   *
   * @throws IOException when it can't be written
   */
  void append(byte[] record) throws IOException;

  /**
   * The record at a place; null at the end.
   *
   * @throws IOException when nothing more of the segment can be read
   */
  Read read(long at) throws IOException;

  /** Nothing will be added any more. */
  void seal();

  /** Lets go of what it holds open; it can still be read. */
  void release();

  /** Removes it. */
  void delete();
}
