// Package synckey is how far a device is with a collection: the state behind the SyncKeys of Exchange ActiveSync. It is values and
// arithmetic; who reads and writes them is package airsync.
//
// A key stands for a Generation. A generation names what the device has by a few numbers, whatever the size of the folder: the collection as it
// stood at a sequence number (From), seen through a window; and, while more is to come, everything that was last written up to another
// number (Cursor). What does not follow from the numbers is listed: the device's own writes that the numbers have not passed (Own), and
// records that were set aside (Aside). Two generations are kept, the last one given out and the one it was made from, so that a lost
// answer costs nothing. Keys of the past still say their numbers (Position), so that none that was ever given out is met with a refusal.
//
// While a device catches up in several answers, other writes go on. A record that was written before an answer and again after it may have been
// in that answer or not, and its present numbers do not tell. Settled keeps, for each answer during which the collection stood elsewhere
// than before, where it stood and how far the answer went: what the record's number was then decides.
package synckey
