.PHONY: bench test

test:
	go test ./...

# Measures us and the peers that are installed (.ci/packages) in one run; takes about half an hour and 30 GiB of disk.
bench:
	go run ./test/bench -huge -out doc/performance.md
