// What the generator can do; each mode reads its flags, prints `begin` and `end` around what it
// measures (so that the driver reads the processes' CPU time then), and one line of JSON.
#pragma once

#include <map>
#include <string>

namespace tandem::bench {

class Flags {
 public:
  Flags(int argc, char** argv);  // --name=value
  std::string Text(const std::string& name, const std::string& otherwise = "") const;
  double Number(const std::string& name, double otherwise) const;

 private:
  std::map<std::string, std::string> values_;
};

// --address --method --requests FILE, and either --in-flight N (closed loop) or --rate R (open),
// --seconds S or --count N (each request once, from the first).
int CallMode(const Flags& flags);

// Order to cash: --order, --inventory, --billing ADDRESS, --places, --ships, --pays FILE (the i-th
// payment is for the i-th order), --in-flight N or --rate R, --seconds S.
int ChainMode(const Flags& flags);

// Edits on one side, seen on the other: --address --method --requests FILE (each edits a record of
// its own), --watch ADDRESS --source /tandem/billing --types A,B, --rate R --seconds S, --first N
// (the number of the first edit: none may be used twice).
int LiveMode(const Flags& flags);

// Reads Kafka topics from their ends until SIGTERM: --brokers --topics A,B --out FILE, which gets
// a line `ce_subject ce_type microseconds` for each message.
int FollowMode(const Flags& flags);

}  // namespace tandem::bench
