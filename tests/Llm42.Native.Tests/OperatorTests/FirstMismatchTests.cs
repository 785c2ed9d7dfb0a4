using Llm42.Native.Arguments;
using Llm42.Native.Tests.Devices;

namespace Llm42.Native.Tests.OperatorTests;

[TestClass]
public sealed class FirstMismatchTests
{
    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Counts_the_drafts_before_the_first_mismatch(string name)
    {
        using TestDevice device = TestDevice.Open(name);

        // Windows: all equal; mismatch at the last draft; at the first; no drafts; in the middle, equal again behind.
        int[] lengths = [3, 4, 2, 0, 5];
        int[] drafts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4, 5];
        int[] predictions = [1, 2, 3, 99, 4, 5, 6, 0, 99, 0, 9, 99, 99, 1, 2, 0, 4, 5, 99];
        CollectionAssert.AreEqual((int[])[3, 3, 0, 0, 2], Run(device, lengths, drafts, predictions));
    }

    [OperatorTestMethod]
    [DynamicData(nameof(DeviceMatrix.Isas), typeof(DeviceMatrix))]
    public void Agrees_with_the_definition_on_random_windows(string name)
    {
        using TestDevice device = TestDevice.Open(name);
        for (int seed = 0; seed < 50; ++seed)
        {
            int[] lengths = TestData.Integers(1 + seed % 9, 18, seed);
            int[] drafts = TestData.Integers(lengths.Sum(), 3, seed + 100);
            int[] predictions = TestData.Integers(lengths.Sum() + lengths.Length, 3, seed + 200);
            List<int> expected = [];
            int draft = 0;
            int prediction = 0;
            foreach (int length in lengths)
            {
                int accepted = 0;
                while (accepted < length && drafts[draft + accepted] == predictions[prediction + accepted])
                {
                    accepted++;
                }

                expected.Add(accepted);
                draft += length;
                prediction += length + 1;
            }

            CollectionAssert.AreEqual(expected, Run(device, lengths, drafts, predictions), $"seed {seed}");
        }
    }

    private static int[] Run(TestDevice device, int[] lengths, int[] drafts, int[] predictions)
    {
        List<int> starts = [0];
        foreach (int length in lengths)
        {
            starts.Add(starts[^1] + length);
        }

        NativeBuffer accepted = device.Bytes(4 * lengths.Length);
        Operators.FirstMismatch(device.Stream, new FirstMismatchArguments
        {
            Windows = lengths.Length,
            DraftCount = drafts.Length,
            Starts = device.Upload(starts.ToArray()),
            Drafts = device.Upload(drafts),
            Predictions = device.Upload(predictions),
            Accepted = accepted,
        });
        return device.Read<int>(accepted, lengths.Length);
    }
}
