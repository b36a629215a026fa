<?php
/*
 * Adds a user and imports a folder of vCards into his address book by Horde's own API, as turba-import-vcards does, with their history and tags:
 *
 *   php bin/import.php user password folder
 */
require_once __DIR__ . '/../turba/lib/Application.php';
Horde_Registry::appInit('turba', array('cli' => true));

list(, $user, $password, $folder) = $argv;
$injector->getInstance('Horde_Core_Factory_Auth')->create()->addUser($user, array('password' => $password));
$registry->setAuth($user, array());
$registry->pushApp('turba', array('check_perms' => false));
$db = $injector->getInstance('Horde_Db_Adapter');
$db->beginDbTransaction(); // or every card waits for the disk several times
$cards = glob($folder . '/*.vcf');
foreach ($cards as $card) {
    $registry->call('contacts/import', array(file_get_contents($card), 'text/x-vcard'));
}
$db->commitDbTransaction();
echo count($cards), "\n";
