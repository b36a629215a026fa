package atomicfile

func portable(old, new string) error { return RenameNew(old, new) }
