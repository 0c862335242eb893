// What people do, and the copying of masters between the two sides.
#pragma once

namespace tandem::simulation {

class World;

void SetUp(World& world);  // masters and stock, before anything happens
void Act(World& world);    // somebody asks for something
bool Sync(World& world);   // one difference between the masters' copies; false when there is none

}  // namespace tandem::simulation
