package event

// Same is what Put goes by to see what a client changed.
var Same = same
