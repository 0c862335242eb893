// `tandem up`: everything in this process, the sample company imported and replayed, its report
// printed; then it stays up. With --once it stops after the report.
#pragma once

namespace tandem::cli {

// 0 when the report agrees.
int Up(int argc, char** argv);

}  // namespace tandem::cli
