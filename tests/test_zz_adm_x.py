from test_admin_gateways import *
def test_x(at_bank):
    print(send(at_bank, "C:\\keys\\our key.pem", key_pair("shop")).text[-1500:])
    at_bank.get("/admin/payments/services/bank")
    print(at_bank.press("Save service", {"Account": "SHOP", "Our key": "x\0y"}).text[-1500:])
    from storefront import sandbox
    from storefront.payments import fitness
    from storefront.payments.gateways import conformance, kind_of
    with transaction():
        found = payments.connect("our-a", "a", "altapay")
    wish = sandbox.invented(found)
    with transaction():
        payments.change(payments.config_to_change("our-a", lock=True), wish)
    c = config("our-a")
    around = payments.adapter(c).around
    print(around.settings, around.secrets)
    ours = fitness._Ours(kind_of(c.type), around.settings, around.secrets, fitness._says_nothing, around=around)
    conformance.it_survives_silence(ours)
