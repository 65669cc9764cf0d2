using System.Buffers.Binary;
using System.Text;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Weights;

namespace Gpu.Tests.Weights;

public class SafeTensorsTests
{
    [Fact]
    public void TensorsRoundTrip()
    {
        using var folder = new TempFolder();
        var path = folder.File("a.safetensors");
        var writer = new SafeTensorsWriter();
        writer.Metadata["model"] = "a \"quoted\" name";
        writer.Add("x.weight", [2, 3], [1f, -2, 3, float.NaN, float.NegativeInfinity, -0f]);
        writer.Add("counters", [2], [int.MinValue, 7]);
        writer.Add("nothing", [0], (float[])[]);
        writer.Write(path);
        using var reader = new SafeTensorsReader(path);
        Assert.Equal("a \"quoted\" name", reader.Metadata["model"]);
        Assert.Equal(["counters", "nothing", "x.weight"], reader.Tensors.Keys.Order());
        Assert.Equal([1f, -2, 3, float.NaN, float.NegativeInfinity, -0f], reader.ReadFloats("x.weight"));
        Assert.Equal([2L, 3], reader.Tensors["x.weight"].Shape);
        Assert.Equal([int.MinValue, 7], reader.ReadInts("counters"));
        Assert.Empty(reader.ReadFloats("nothing"));
        Assert.Contains("'y'", Assert.Throws<SafeTensorsException>(() => reader.ReadFloats("y")).Message);
        Assert.Contains("I32", Assert.Throws<SafeTensorsException>(() => reader.ReadFloats("counters")).Message);
    }

    [Fact]
    public void ReadsAndWritesTheLayoutOfTheFormat()
    {
        // Header length, header, data: written by hand from the definition of the format.
        using var folder = new TempFolder();
        var path = folder.File("a.safetensors");
        WriteRaw(path, "{\"t\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}", [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40]);
        using (var reader = new SafeTensorsReader(path)) Assert.Equal([1f, 2], reader.ReadFloats("t"));
        var writer = new SafeTensorsWriter();
        writer.Add("t", [1, 2], [1f, 2]);
        using var stream = new MemoryStream();
        writer.Write(stream);
        var bytes = stream.ToArray();
        var header = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0, header % 8);
        Assert.Equal("{\"t\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}", Encoding.UTF8.GetString(bytes, 8, header).TrimEnd());
        Assert.Equal([0, 0, 0x80, 0x3F, 0, 0, 0, 0x40], bytes[(8 + header)..]);
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8,
        "'a' and 'b' overlap")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}", 12,
        "a gap of 4 bytes between")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 4, "truncated")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 12, "4 bytes after its last tensor")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "'a' of shape 3")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "'a'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, "'a'")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296,4294967296],\"data_offsets\":[0,8]}}", 8, "'a'")]
    [InlineData("{\"a\":{\"dtype\":\"X8\",\"shape\":[8],\"data_offsets\":[0,8]}}", 8, "'X8'")]
    [InlineData("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", 8, "dtype")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", 8, "shape")]
    [InlineData("{\"a\":7}", 0, "'a'")]
    [InlineData("[]", 0, "not a JSON object")]
    [InlineData("{\"a\":", 0, "not JSON")]
    [InlineData("{\"__metadata__\":{\"n\":3}}", 0, "'n' in its __metadata__ is not a string")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "twice")]
    public void InvalidHeadersAreErrors(string header, int dataBytes, string expected)
    {
        using var folder = new TempFolder();
        var path = folder.File("bad.safetensors");
        WriteRaw(path, header, new byte[dataBytes]);
        var e = Assert.Throws<SafeTensorsException>(() => new SafeTensorsReader(path).Dispose());
        Assert.Contains(expected, e.Message);
        Assert.Contains("bad.safetensors", e.Message);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2, 3 }, "3 bytes")]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 0, 1 }, "0 bytes")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255, 1 }, "must be 1 to")]
    [InlineData(new byte[] { 200, 0, 0, 0, 0, 0, 0, 0, 123, 125 }, "only 2 follow")]
    [InlineData(new byte[] { 2, 0, 0, 0, 0, 0, 0, 0, 255, 254 }, "not JSON")]
    public void InvalidHeaderLengthsAreErrors(byte[] content, string expected)
    {
        using var folder = new TempFolder();
        var path = folder.File("bad.safetensors");
        File.WriteAllBytes(path, content);
        Assert.Contains(expected, Assert.Throws<SafeTensorsException>(() => new SafeTensorsReader(path).Dispose()).Message);
    }

    [Fact]
    public void MissingFileIsNamed() =>
        Assert.Contains("nowhere", Assert.Throws<SafeTensorsException>(() => new SafeTensorsReader("nowhere.safetensors").Dispose()).Message);

    [Fact]
    public void NetworkRoundTrips()
    {
        using var folder = new TempFolder();
        using var device = new CpuDevice(threads: 1);
        using var saved = new Network(SmallData.Network(), device, seed: 3);
        saved.SetParameter("batchnorm1.running_mean", [1f, 2, 3, 4, 5, 6]);
        WeightFile.Save(saved, folder.File("w.safetensors"));
        using var loaded = new Network(SmallData.Network(), device, seed: 4);
        WeightFile.Load(loaded, folder.File("w.safetensors"));
        Assert.All(saved.Model.Parameters, parameter => Assert.Equal(saved.GetParameter(parameter.Name), loaded.GetParameter(parameter.Name)));
    }

    [Fact]
    public void WeightsOfAnotherModelThrowAndChangeNothing()
    {
        using var folder = new TempFolder();
        var path = folder.File("w.safetensors");
        using var device = new CpuDevice(threads: 1);
        using var network = new Network(SmallData.Network(), device);
        var before = network.GetParameter("conv1.weight");

        Assert.Contains("'mlp128'", LoadError(writer: null));
        Assert.Contains("Missing: dense2.bias.", LoadError(Writer(skip: "dense2.bias")));
        Assert.Contains("Unknown: extra.", LoadError(Writer(extra: "extra")));
        Assert.Contains("dense2.bias' in", LoadError(Writer(skip: "dense2.bias", extra: "dense2.bias", values: 5)));
        Assert.Equal(before, network.GetParameter("conv1.weight"));

        string LoadError(SafeTensorsWriter? writer)
        {
            if (writer is not null) writer.Write(path);
            else
            {
                using var other = new Network(BuiltInModels.Get("mlp128"), device);
                WeightFile.Save(other, path);
            }

            return Assert.Throws<SafeTensorsException>(() => WeightFile.Load(network, path)).Message;
        }

        SafeTensorsWriter Writer(string? skip = null, string? extra = null, int values = 1)
        {
            var writer = new SafeTensorsWriter();
            foreach (var parameter in network.Model.Parameters)
                if (parameter.Name != skip) writer.Add(parameter.Name, parameter.Shape, new float[parameter.Length]);
            if (extra is not null) writer.Add(extra, [values], new float[values]);
            return writer;
        }
    }

    private static void WriteRaw(string path, string header, byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var length = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)json.Length);
        File.WriteAllBytes(path, [.. length, .. json, .. data]);
    }
}
