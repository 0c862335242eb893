// The limits: see main.cc. Each prints one line of JSON at its end.
#pragma once

#include <string>

namespace tandem::bench {

std::string Flag(int argc, char** argv, const char* name, const char* otherwise = "");

int Echo(int argc, char** argv);
int Produce(int argc, char** argv);
int Latency(int argc, char** argv);
int Sqlite(int argc, char** argv);

}  // namespace tandem::bench
