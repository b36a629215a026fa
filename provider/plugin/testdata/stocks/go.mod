module example.org/stocks

go 1.26

require tandem v0.0.0

replace tandem => ../../../..
