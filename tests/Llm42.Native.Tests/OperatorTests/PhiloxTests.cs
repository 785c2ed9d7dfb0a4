using Llm42.Native.Tests.References;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class PhiloxTests
{
    [TestMethod]
    public void The_reference_generator_gives_the_published_numbers()
    {
        CollectionAssert.AreEqual(
            (uint[])[0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8], Philox.Generate([0, 0, 0, 0], [0, 0]));
        CollectionAssert.AreEqual(
            (uint[])[0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
            Philox.Generate([uint.MaxValue, uint.MaxValue, uint.MaxValue, uint.MaxValue], [uint.MaxValue, uint.MaxValue]));
        CollectionAssert.AreEqual(
            (uint[])[0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
            Philox.Generate([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]));
    }
}
